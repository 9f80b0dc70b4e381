//! Runs of clawprobe in worlds of our own: what `preflight --reference`, `reproduce` and `self-test` do.
