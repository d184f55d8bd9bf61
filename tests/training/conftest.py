from importlib.util import find_spec

# Only training needs torch, and nothing else here does.
NEEDS_TORCH = ("bank", "batches", "error_cells", "error_fit", "error_network", "fit", "network")
collect_ignore = [] if find_spec("torch") else [f"{name}.py" for name in NEEDS_TORCH]
