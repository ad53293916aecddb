# SPDX-License-Identifier: GPL-2.0-or-later
#
# mseg: the targets people type. `make help` lists them.
#
# Each directory adds its own rules through an include: it appends programs to
# PROGRAMS, manual pages to MANUALS and test programs to UNIT_TESTS.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc) --no-print-directory
endif

top := $(CURDIR)
SERIES := 6.1 6.12
PROGRAMS :=
MANUALS :=
UNIT_TESTS :=

-include ctl/build.mk
-include ctl/console/web/build.mk
-include tests/unit/build.mk
-include tests/fuzz/build.mk
-include tests/bench/build.mk
-include tests/records/build.mk

.PHONY: all
all: programs module synthesize ## build the programs and the module for both kernels (the default)

.PHONY: programs
programs: $(PROGRAMS) $(MANUALS) ## build the programs and manual pages, into build/bin and build/man

.PHONY: deps
deps: ## install what building and testing need (apt), and fetch the kernels
	tests/install-deps

# --- the module --------------------------------------------------------------

# kbuild leaves its products beside the sources, so it works on a copy. The
# copy keeps times and products, which makes a rebuild incremental.
KBUILD_PRODUCTS := *.o *.ko *.mod *.mod.c .*.cmd Module.symvers modules.order

.PHONY: module
module: $(SERIES:%=module-%) ## build the module for both kernels

.PHONY: $(SERIES:%=module-%)
$(SERIES:%=module-%): module-%: ## (module-6.1, module-6.12) for one of them
	@mkdir -p build/kmod/$*/src
	+@flock build/kmod/$*/.lock $(MAKE) series=$* kbuild

# Two at once in one directory would trip over each other: hence the lock.
.PHONY: kbuild
kbuild:
	@rsync -a --delete $(KBUILD_PRODUCTS:%=--exclude='%') kmod include build/kmod/$(series)/src/
	@$(MAKE) -C "$$(tests/vm/kernel --headers $(series))" \
		M="$(top)/build/kmod/$(series)/src/kmod" W=1 KCFLAGS=-Werror modules
	@find build/kmod/$(series)/src/kmod -name '*.ko' -exec rsync -t {} build/kmod/$(series)/ \;

.PHONY: uapi
uapi: ## make the uapi header from the netlink spec
	include/generate "$$(tests/linux-source)" include/mseg.yaml > build/mseg.h
	mv build/mseg.h include/uapi/linux/mseg.h

.PHONY: abi
abi: ## describe statistics and sysctls, in kmod/ABI, from the headers
	for f in sysctl-net-mseg sysfs-kernel-mseg; do kmod/ABI/generate $$f > kmod/ABI/$$f; done

# --- tests -------------------------------------------------------------------

.PHONY: lint
lint: ## static checks
	tests/lint

.PHONY: unit
unit: $(UNIT_TESTS) ## build and run the unit tests
	set -e; for t in $(UNIT_TESTS); do echo "# $$t"; "$$t"; done

POLICIES ?= 10000

.PHONY: differential
differential: programs module ## 10,000 random policies: the module says what a reference does
	MSEG_POLICIES=$(POLICIES) tests/vm/run --timeout 3000 -- tests/selftests/differential.py

.PHONY: fuzz-api
fuzz-api: programs module build/unit/msegd ## random requests to msegd and the module, for FUZZ_SECONDS (60)
	tests/vm/run --memory 2048 --timeout $$(($(FUZZ_SECONDS) + 300)) -- tests/fuzz/api.py $(FUZZ_SECONDS)

.PHONY: fuzz-netlink
fuzz-netlink: programs ## random messages to the module on the debug kernel, for FUZZ_SECONDS (60)
	tests/uml/run --timeout $$(($(FUZZ_SECONDS) + 300)) -- tests/fuzz/netlink.py $(FUZZ_SECONDS)

.PHONY: test
test: deps ## everything a change must pass, after deps and all
	+$(MAKE) all build/unit/msegd
	tests/run-tests

.PHONY: test-full
test-full: deps ## all of it on both kernels, on two processors, and DKMS
	+$(MAKE) all build/unit/msegd
	tests/run-tests --full

.PHONY: soak
soak: deps ## an hour and more: thousands of loads and namespaces under traffic
	+$(MAKE) all
	tests/soak

.PHONY: run
run: ## try the product in a virtual machine (HOST=1: on this machine)
	tests/e2e/run $(if $(HOST),--host)

# --- installing --------------------------------------------------------------

PREFIX ?= /usr/local

.PHONY: install
install: programs ## install the programs, their manual pages and completion under PREFIX (/usr/local)
	install -D -t "$(DESTDIR)$(PREFIX)/bin" $(PROGRAMS)
	for page in $(MANUALS); do install -D -m 644 -t \
		"$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}" "$$page"; done
	install -D -m 644 ctl/mctl/completion/mctl.bash \
		"$(DESTDIR)$(PREFIX)/share/bash-completion/completions/mctl"
	install -D -m 644 -t "$(DESTDIR)$(PREFIX)/share/zsh/site-functions" \
		ctl/mctl/completion/_mctl
	install -D -m 644 -t "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d" \
		ctl/mctl/completion/mctl.fish
	install -D -m 644 -t "$(DESTDIR)$(PREFIX)/lib/systemd/system" \
		ctl/msegd/msegd.service ctl/msegd/msegd.socket ctl/console/mseg-console.service \
		ctl/console/mseg-oidc-keys.service ctl/console/mseg-oidc-keys.timer
	install -D -m 644 -t "$(DESTDIR)$(PREFIX)/share/doc/mseg" ctl/msegd/mseg.conf \
		ctl/console/mseg-console.conf

.PHONY: dkms
dkms: ## build and install the module through DKMS, for KERNEL (as root)
	dkms/install $(KERNEL)

.PHONY: dkms-remove
dkms-remove: ## take the module out of DKMS again (as root)
	dkms/remove

.PHONY: clean
clean: ## remove what was built (caches outside the checkout stay)
	rm -rf build

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z][a-z0-9-]*|\$$[^ ]*): .*## +\(?/\1 /p' $(MAKEFILE_LIST) | \
	while read -r target text; do \
		case $$target in \$$*) target=module-SERIES; text="($$text" ;; esac; \
		printf '%-14s %s\n' "$$target" "$$text"; \
	done
