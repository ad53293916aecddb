# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fuzzers (libFuzzer), under the sanitizers. Another directory appends to
# FUZZERS; make fuzz gives each of them FUZZ_SECONDS.

FUZZ_SECONDS ?= 60
FUZZERS += build/fuzz/core_fuzz build/fuzz/core_dns_fuzz build/fuzz/import_fuzz build/fuzz/api_fuzz build/fuzz/dns_fuzz \
	build/fuzz/head_fuzz

FUZZ_FLAGS := $(filter-out -fsanitize=%,$(CORE_FLAGS)) -O1 \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

build/fuzz/core_fuzz: tests/fuzz/core_fuzz.c $(CORE_SOURCES) $(CORE_MODEL) $(CORE_HEADERS) \
		$(wildcard tests/unit/core_*.h) tests/fuzz/build.mk
	@mkdir -p $(@D)
	@echo "  CLANG   $@"
	@clang $(FUZZ_FLAGS) -o $@ $(filter %.c,$^)

build/fuzz/core_dns_fuzz: tests/fuzz/core_dns_fuzz.c $(CORE_SOURCES) $(CORE_HEADERS) tests/fuzz/build.mk
	@mkdir -p $(@D)
	@echo "  CLANG   $@"
	@clang $(FUZZ_FLAGS) -o $@ $(filter %.c,$^)

# What reads documents: ctl/build.mk is included before.
IMPORT_SOURCES := $(CORE_SOURCES) $(CTL_MODEL) $(addprefix ctl/lib/, advice.c diag.c doc.c domain.c \
	entries.c entry_list.c fields.c hints.c json.c prefix.c protocols.c service_list.c \
	services.c text.c wrap.c)

build/fuzz/import_fuzz: tests/fuzz/import_fuzz.c $(IMPORT_SOURCES) $(CORE_HEADERS) \
		$(wildcard ctl/lib/*.h ctl/model/*.h) build/gen/catalogue_data.h tests/fuzz/build.mk
	@mkdir -p $(@D)
	@echo "  CLANG   $@"
	@clang $(CTL_CPPFLAGS) $(FUZZ_FLAGS) -o $@ $(filter %.c,$^) $(shell pkg-config --libs json-c libfyaml libidn2)

# msegd without its program and its server.
API_SOURCES := $(CORE_SOURCES) $(CTL_MODEL) $(CTL_RECORDS) $(filter-out ctl/lib/api.c,$(CTL_LIB)) \
	$(filter-out ctl/msegd/main.c,$(CTL_MSEGD))

build/fuzz/api_fuzz: tests/fuzz/api_fuzz.c $(API_SOURCES) $(CORE_HEADERS) \
		$(wildcard ctl/lib/*.h ctl/model/*.h ctl/msegd/*.h) build/gen/catalogue_data.h \
		build/gen/stats_list.h tests/fuzz/build.mk
	@mkdir -p $(@D)
	@echo "  CLANG   $@"
	@clang $(CTL_CPPFLAGS) $(FUZZ_FLAGS) -o $@ $(filter %.c,$^) $(CTL_LIBS) \
		$(shell pkg-config --libs $(MSEGD_PACKAGES))

build/fuzz/dns_fuzz: tests/fuzz/dns_fuzz.c ctl/msegd/dns_message.c ctl/msegd/dns_message.h \
		tests/fuzz/build.mk
	@mkdir -p $(@D)
	@echo "  CLANG   $@"
	@clang $(CTL_CPPFLAGS) $(FUZZ_FLAGS) -o $@ $(filter %.c,$^) $(shell pkg-config --libs ldns)

build/fuzz/head_fuzz: tests/fuzz/head_fuzz.c ctl/msegd/head.c ctl/msegd/head.h tests/fuzz/build.mk
	@mkdir -p $(@D)
	@echo "  CLANG   $@"
	@clang $(CTL_CPPFLAGS) $(FUZZ_FLAGS) -o $@ $(filter %.c,$^)

.PHONY: fuzz
fuzz: $(FUZZERS) ## fuzz for FUZZ_SECONDS (60) each
	tests/fuzz/run $(FUZZ_SECONDS) $(FUZZERS)
