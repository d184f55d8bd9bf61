from importlib.util import find_spec

# Only training needs torch, and nothing else here does.
collect_ignore = [] if find_spec("torch") else ["bank.py", "batches.py", "fit.py", "network.py"]
