# SPDX-License-Identifier: GPL-2.0-or-later
#
# The benchmark: its module for Debian's kernel and for User-Mode Linux, and the
# programs that it runs.

BENCH_FILES := $(wildcard tests/bench/kmod/* kmod/core/* include/mseg/* include/uapi/linux/*)

# bench_module SERIES, KERNEL: build it in a copy, as kbuild is.
define bench_module
	@mkdir -p build/bench/$(1)/src
	@rsync -a tests/bench/kmod/ kmod/core include build/bench/$(1)/src/
	+@$(MAKE) -C "$(2)" M="$(top)/build/bench/$(1)/src" W=1 KCFLAGS=-Werror $(3) modules
	@rsync -t build/bench/$(1)/src/mseg_bench.ko build/bench/$(1)/
endef

# The module itself lies beside it, for the same kernel.
build/bench/uml/mseg_bench.ko: $(BENCH_FILES) $(wildcard kmod/*.[ch])
	$(call bench_module,uml,$$(tests/uml/kernel bench)/build,ARCH=um)
	@mkdir -p build/bench/uml/mseg
	@rsync -a kmod include build/bench/uml/mseg/
	+@$(MAKE) -C "$$(tests/uml/kernel bench)/build" M="$(top)/build/bench/uml/mseg/kmod" \
		ARCH=um modules
	@rsync -t build/bench/uml/mseg/kmod/mseg.ko build/bench/uml/

build/bench/6.12/mseg_bench.ko: $(BENCH_FILES)
	$(call bench_module,6.12,$$(tests/vm/kernel --headers 6.12))

build/bench/listen build/bench/rr: build/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -Wextra -Werror -o $@ $<

BENCH_PROGRAMS := build/bench/6.12/mseg_bench.ko build/bench/listen build/bench/rr

.PHONY: bench
bench: programs module-6.12 $(BENCH_PROGRAMS) build/bench/uml/mseg_bench.ko ## compare with nftables and others: a table, build/bench/report.json and .svg
	tests/bench/run

.PHONY: bench-instructions
bench-instructions: programs module-6.12 $(BENCH_PROGRAMS) ## that part of it which counts instructions
	tests/bench/run instructions prefixes

.PHONY: bench-cycles
bench-cycles: programs $(BENCH_PROGRAMS) build/bench/uml/mseg_bench.ko ## that part of it which measures time, in User-Mode Linux
	tests/bench/run cycles prefixes-cycles

.PHONY: bench-gate
bench-gate: programs module-6.12 $(BENCH_PROGRAMS) ## no packet costs more instructions than tests/bench/budget.json allows
	tests/bench/gate

.PHONY: bench-controller
bench-controller: programs ## how fast and how large msegd is with 1,000 rulesets, 1,000 networks, 100,000 entries
	tests/bench/controller
