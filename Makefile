# Thin: each target is one script. `make` alone lists them.
PREFIX  ?= /usr/local
DESTDIR ?=
SECONDS ?= 600

.PHONY: help setup build demo test tsan bench fuzz check-style install clean

help:            ## this list
	@sed -n 's/^\([a-z-]*\): .*## */\1\t/p' Makefile | while IFS='	' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

setup:           ## install what is missing (apt, engine); nothing to do = no network
	@tools/setup

build: setup     ## build/weir
	@tools/build build -Dtests=disabled

demo: build      ## build weir, then the example shop: raw files to tested marts
	@examples/shop/run build/weir

test:            ## set up, build plain and with sanitizers, run every test
	@tools/setup --tests
	@tools/test

tsan:            ## the unit tests under ThreadSanitizer
	@tools/setup --tests
	@tools/test tsan

bench: build     ## medians against the peers, side by side (installs the peers in a virtual environment)
	@tools/setup --bench
	@bench/run

fuzz:            ## every fuzzer for SECONDS (default 600)
	@tools/setup --tests
	@tools/fuzz --seconds $(SECONDS)

check-style:     ## the rules that a script can check
	@tools/check_style

install: build   ## to PREFIX (default /usr/local); WITH_DBT_LINK=1 adds bin/dbt
	@WITH_DBT_LINK='$(WITH_DBT_LINK)' tools/install '$(PREFIX)' '$(DESTDIR)'

clean:           ## remove what was built (what was fetched stays in .deps)
	rm -rf build build-asan build-tsan build-fuzz
