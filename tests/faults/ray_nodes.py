"""A Ray cluster of a head without CPUs and two nodes with one each, on loopback; it ends with its standard input.

Prints `{"address": …}`, where clients connect, when it is up. Parts of Ray take 127.0.0.1 for this machine's address in
its network, and look for each other there.
"""

import json
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

_MEMORY = 80 * 1024 * 1024
_HERE = "127.0.0.2"


def free_port() -> int:
    with socket.create_server((_HERE, 0)) as server:
        return int(server.getsockname()[1])


def main() -> None:
    # Without it, now and then, no client gets an answer: its server is forked while gRPC's threads are at work.
    os.environ |= {"GRPC_ENABLE_FORK_SUPPORT": "0", "RAY_USAGE_STATS_ENABLED": "0"}
    from ray.cluster_utils import Cluster

    Path("/tmp/ray").mkdir(exist_ok=True)
    port, folder = free_port(), tempfile.mkdtemp(prefix="ray-")
    common = {"node_ip_address": _HERE, "object_store_memory": _MEMORY, "include_dashboard": False}
    head = {**common, "num_cpus": 0, "ray_client_server_port": port, "temp_dir": folder}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _node in range(2):
            cluster.add_node(num_cpus=1, **common)
        print(json.dumps({"address": f"ray://{_HERE}:{port}"}), flush=True)
        sys.stdin.read()
    finally:
        cluster.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
