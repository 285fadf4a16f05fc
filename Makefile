# The two commands of the README, and what they are made of. Each does its own set-up.
.DEFAULT_GOAL := help
.PHONY: help setup demo test bench clean

help:            ## what there is
	@sed -n 's/^\([a-z]*\):[^#]*## */make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo:            ## restore a production-like cluster on this machine, from snapshot to proof
	@scripts/setup.sh demo
	@cargo run --quiet --release --package aurora-restore-cli --no-default-features --bin aurora-restore -- demo

test:            ## format, lints, docs and every test
	@scripts/setup.sh test
	@scripts/test.sh

bench:           ## print every figure of docs/performance.md
	@scripts/setup.sh test
	@cargo xtask bench all

clean:           ## end the demo's servers and remove what it made
	@cargo run --quiet --release --package aurora-restore-cli --no-default-features --bin aurora-restore -- demo --clean
