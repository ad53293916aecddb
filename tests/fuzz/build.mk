# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fuzzers (libFuzzer), under the sanitizers. Another directory appends to
# FUZZERS; make fuzz gives each of them FUZZ_SECONDS.

FUZZ_SECONDS ?= 60
FUZZERS += build/fuzz/core_fuzz

FUZZ_FLAGS := $(filter-out -fsanitize=%,$(CORE_FLAGS)) -O1 \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

build/fuzz/core_fuzz: tests/fuzz/core_fuzz.c $(CORE_SOURCES) $(CORE_MODEL) $(CORE_HEADERS) \
		$(wildcard tests/unit/core_*.h) tests/fuzz/build.mk
	@mkdir -p $(@D)
	@echo "  CLANG   $@"
	@clang $(FUZZ_FLAGS) -o $@ $(filter %.c,$^)

.PHONY: fuzz
fuzz: $(FUZZERS) ## fuzz for FUZZ_SECONDS (60) each
	tests/fuzz/run $(FUZZ_SECONDS) $(FUZZERS)
