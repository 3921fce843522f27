"""Files out of the workspace: by name, by link, by descriptor, through /proc, and in the middle of a change."""

import ctypes
import os
import socket
import threading
import time

from tests.security.inside import attempt, holds_secret, kernel, opens, read

AT_FDCWD, AT_EMPTY_PATH, O_PATH = -100, 0x1000, 0o10000000


@attempt
def reads_by_name(world):
    """Reads a file of the person by its path."""
    return holds_secret(world, read(world.secret))


@attempt
def reads_through_parent_folders(world):
    """Climbs from its own folder to the root with `..` and comes down again."""
    return holds_secret(world, read("../" * 40 + world.secret))


@attempt
def reads_through_a_symbolic_link(world):
    """Makes a link in the workspace that leads out, and reads through it."""
    os.symlink(world.secret, "link")
    return holds_secret(world, read("link"))


@attempt
def reads_through_a_hard_link(world):
    """Gives the file a second name in the workspace."""
    try:
        os.link(world.secret, "second")
        return holds_secret(world, read("second"))
    except OSError:
        os.link(world.secret, f"{world.folder}/second")  # where the workspace lies on another file system
        return holds_secret(world, read(f"{world.folder}/second"))


@attempt
def reads_through_its_own_root(world):
    """Reads through /proc/self/root."""
    return holds_secret(world, read(f"/proc/self/root{world.secret}"))


@attempt
def reads_through_the_root_of_another_process(world):
    """Reads through the root of a process that has no walls."""
    return holds_secret(world, read(f"/proc/{world.victim}/root{world.secret}"))


@attempt
def reads_through_the_root_of_any_process(world):
    """Tries the root of every process that it sees."""
    return any(_secret_at(world, f"/proc/{number}/root{world.secret}") for number in _processes())


@attempt
def reads_through_the_folder_of_any_process(world):
    """Tries the current folder of every process that it sees."""
    return any(_secret_at(world, f"/proc/{number}/cwd/secret") for number in _processes())


@attempt
def reads_through_the_descriptors_of_any_process(world):
    """Opens again what other processes hold open."""
    return any(_secret_at(world, path) for path in _descriptors())


@attempt
def reads_through_the_mapped_files_of_any_process(world):
    """Reads /proc/*/map_files and /proc/*/exe of the person's other processes."""
    return bool(os.readlink(f"/proc/{world.victim}/exe")) and opens(f"/proc/{world.victim}/exe", os.O_RDONLY)


@attempt(by="root")
def reads_the_passwords(world):
    """Reads /etc/shadow."""
    return b":" in read("/etc/shadow")


@attempt
def reads_a_file_opened_by_path_only(world):
    """Opens it with O_PATH, which asks for no right to read, and opens that again through /proc."""
    descriptor = os.open(world.secret, O_PATH)
    return holds_secret(world, read(f"/proc/self/fd/{descriptor}"))


@attempt
def reads_beneath_a_folder_that_is_open(world):
    """Opens the root, and from there everything with openat2 and no flag that keeps it beneath."""
    root = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    how = (ctypes.c_uint64 * 3)(os.O_RDONLY, 0, 0)
    name = world.secret.lstrip("/").encode()
    return holds_secret(world, os.read(kernel("openat2", root, name, ctypes.byref(how), 24), 99))


@attempt(by="root")
def reads_by_file_handle(world):
    """Opens a file by its number on the disk (open_by_handle_at), as broke out of Docker once."""
    handle = (ctypes.c_uint32 * 34)(128, 0)
    mount = ctypes.c_int()
    kernel("name_to_handle_at", AT_FDCWD, world.secret.encode(), handle, ctypes.byref(mount), 0)
    where = os.open("/var/tmp", os.O_RDONLY)
    return holds_secret(world, os.read(kernel("open_by_handle_at", where, handle, os.O_RDONLY), 99))


@attempt(by="root")
def guesses_a_file_handle(world):
    """Opens inode 2, the root folder of most file systems, by a handle that it made up, over a mount that it has."""
    handle = (ctypes.c_uint32 * 4)(8, 1, 2, 0)
    for base in ("/usr", "/", "."):
        try:
            where = os.open(base, os.O_RDONLY)
            root = kernel("open_by_handle_at", where, handle, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as refusal:
            problem = refusal
        else:
            return holds_secret(world, read(world.secret.lstrip("/"), dir_fd=root))
    raise problem


@attempt
def lists_the_folder(world):
    """Lists what the person's folder holds."""
    return "secret" in os.listdir(world.folder)


@attempt
def learns_the_size_of_a_file(world):
    """Asks for a file's size and times, which needs no right to read it."""
    return os.stat(world.secret).st_size > 0


@attempt
def learns_whether_a_file_is_there(world):
    """Asks for the existence of a file, which needs nothing but the way to it."""
    return os.access(world.secret, os.F_OK)


@attempt
def learns_where_a_link_leads(world):
    """Reads a link's target in the person's folder."""
    return os.readlink(f"{world.folder}/link") == "nowhere"


@attempt
def learns_the_value_of_an_attribute(world):
    """Reads an extended attribute of a file that it may not read."""
    return os.getxattr(world.secret, "user.note") == b"note"


@attempt
def watches_the_folder(world):
    """Is told by inotify when the person works in a folder."""
    watching = kernel("inotify_init1", 0)
    return kernel("inotify_add_watch", watching, world.folder.encode(), 0x100) > 0


@attempt(by="root")
def watches_the_whole_disk(world):
    """Asks fanotify to be told of every file that anybody opens, with a descriptor of it."""
    return kernel("fanotify_init", 0, os.O_RDONLY) >= 0


@attempt
def makes_a_file(world):
    """Makes a file in the person's folder."""
    return os.write(os.open(f"{world.folder}/new", os.O_WRONLY | os.O_CREAT, 0o600), b"x") == 1


@attempt
def adds_to_a_file(world):
    """Adds a line to a file of the person (`.bashrc`)."""
    return os.write(os.open(world.file, os.O_WRONLY | os.O_APPEND), b"x") == 1


@attempt
def empties_a_file(world):
    """Cuts a file to nothing without opening it."""
    os.truncate(world.file, 0)
    return True


@attempt
def removes_a_file(world):
    """Removes a file of the person."""
    os.unlink(world.file)
    return True


@attempt
def makes_a_folder(world):
    """Makes a folder in the person's folder."""
    os.mkdir(f"{world.folder}/made")
    return True


@attempt
def removes_a_folder(world):
    """Removes an empty folder of the person."""
    os.rmdir(f"{world.folder}/empty")
    return True


@attempt
def renames_a_file(world):
    """Renames a file of the person."""
    os.rename(world.file, f"{world.file}.old")
    return True


@attempt
def swaps_two_files(world):
    """Exchanges two files of the person at once (RENAME_EXCHANGE)."""
    kernel("renameat2", AT_FDCWD, world.file.encode(), AT_FDCWD, world.secret.encode(), 2)
    return True


@attempt
def leaves_a_whiteout(world):
    """Renames a file of the person and leaves an overlay's deletion in its place (RENAME_WHITEOUT)."""
    kernel("renameat2", AT_FDCWD, world.file.encode(), AT_FDCWD, f"{world.file}.old".encode(), 4)
    return True


@attempt
def makes_a_link_outside(world):
    """Makes a symbolic link in the person's folder."""
    os.symlink("/etc/passwd", f"{world.folder}/planted")
    return True


@attempt
def names_a_nameless_file_outside(world):
    """Makes a file without a name in the person's folder (O_TMPFILE) and then names it."""
    descriptor = os.open(world.folder, os.O_TMPFILE | os.O_WRONLY, 0o600)
    kernel("linkat", AT_FDCWD, f"/proc/self/fd/{descriptor}".encode(), AT_FDCWD, f"{world.folder}/new".encode(), 0x400)
    return True


@attempt
def makes_a_pipe_outside(world):
    """Makes a named pipe in the person's folder."""
    os.mkfifo(f"{world.folder}/pipe")
    return True


@attempt
def makes_a_socket_outside(world):
    """Binds a socket in the person's folder, so that the person's programs talk to it."""
    socket.socket(socket.AF_UNIX).bind(f"{world.folder}/agent")
    return True


@attempt
def changes_the_mode(world):
    """Makes a file of the person readable by everybody."""
    os.chmod(world.secret, 0o666)
    return True


@attempt
def changes_the_mode_of_the_folder(world):
    """Closes the person's folder to the person."""
    os.chmod(world.folder, 0)
    return True


@attempt
def changes_the_times(world):
    """Sets a file's times back, so that a build takes it for old."""
    os.utime(world.file, (0, 0))
    return True


@attempt
def sets_an_attribute(world):
    """Sets an extended attribute of a file of the person."""
    os.setxattr(world.file, "user.mine", b"x")
    return True


@attempt
def removes_an_attribute(world):
    """Removes an extended attribute of a file of the person."""
    os.removexattr(world.secret, "user.note")
    return True


@attempt(by="root")
def changes_the_owner(world):
    """Gives a file to another user."""
    os.chown(world.file, 12345, 12345)
    return True


@attempt
def locks_a_file(world):
    """Holds a lock on a file of the person, so that their program waits for ever."""
    import fcntl

    fcntl.flock(os.open(world.file, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True


@attempt
def takes_a_lease_on_a_file(world):
    """Takes a lease, so that everybody who opens the file waits for us."""
    import fcntl

    fcntl.fcntl(os.open(world.file, os.O_RDONLY), 1024, fcntl.F_RDLCK)
    return True


@attempt(by="root")
def writes_into_the_system(world):
    """Makes files beside the system's own."""
    for folder in ("/etc", "/usr/bin", "/usr/lib", "/", "/root", "/opt"):
        path = f"{folder}/luxos-attempt-{os.getpid()}"
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        except OSError as refusal:
            problem = refusal
        else:
            os.unlink(path)
            return True
    raise problem


@attempt(by="root")
def leaves_a_changed_root(world):
    """Changes its root twice, which leaves its current folder outside of the second, and climbs up from there."""
    os.makedirs("jail", exist_ok=True)
    kernel("chroot", b"jail")
    return holds_secret(world, read("../" * 40 + world.secret))


@attempt
def wins_a_race_for_a_link(world):
    """Swaps a folder of its own for a link that leads out while a path through it is being opened."""
    os.mkdir("inner")
    with open("inner/secret", "w") as file:
        file.write("nothing")
    os.symlink(world.folder, "outer")
    ended = time.monotonic() + 0.4
    threading.Thread(target=_swap, args=(ended,), daemon=True).start()
    while time.monotonic() < ended:
        try:
            if holds_secret(world, read("inner/secret")):
                return True
        except OSError:
            continue
    return False


def _swap(ended):
    while time.monotonic() < ended:
        kernel("renameat2", AT_FDCWD, b"inner", AT_FDCWD, b"outer", 2)


@attempt
def runs_a_program_from_memory(world):
    """Copies a program into memory and runs it from there (memfd and execveat), to read the file."""
    memory = kernel("memfd_create", b"program", 0)
    with open("/bin/cat", "rb") as file:
        os.write(memory, file.read())
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(write_end, 1)
        arguments = (ctypes.c_char_p * 3)(b"cat", world.secret.encode(), None)
        kernel("execveat", memory, b"", arguments, (ctypes.c_char_p * 1)(None), AT_EMPTY_PATH)
        os._exit(1)
    os.close(write_end)
    os.waitpid(child, 0)
    return holds_secret(world, os.read(read_end, 4096))


@attempt
def has_the_shell_read(world):
    """Asks another program (a shell, with a here-document) to read the file."""
    return holds_secret(world, os.popen(f"cat '{world.secret}' 2>&1").read().encode())


def _processes():
    return [name for name in os.listdir("/proc") if name.isdecimal()]


def _descriptors():
    for number in _processes():
        if int(number) == os.getpid():
            continue
        try:
            names = os.listdir(f"/proc/{number}/fd")
        except OSError:
            continue
        yield from (f"/proc/{number}/fd/{name}" for name in names)


def _secret_at(world, path):
    try:
        return holds_secret(world, read(path)) if os.path.isfile(path) else False
    except OSError:
        return False
