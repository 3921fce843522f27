"""What LuxOS costs, as ratios to a named peer or to the bare operation, measured in the same run."""

from benchmarks.as_installed import hide

hide()
