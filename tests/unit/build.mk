# SPDX-License-Identifier: GPL-2.0-or-later
#
# Unit tests of the core, under the address and undefined-behaviour sanitizers.

CORE_SOURCES := $(wildcard kmod/core/*.c)
CORE_HEADERS := $(wildcard kmod/core/*.h include/mseg/*.h include/uapi/linux/*.h)
CORE_FLAGS := -std=gnu11 -g -Wall -Wextra -Werror -Iinclude -Iinclude/uapi \
	-fsanitize=address,undefined -fno-sanitize-recover=all
CORE_MODEL := tests/unit/core_model.c tests/unit/core_reference.c tests/unit/core_compare.c

CORE_TESTS := build/unit/core_classify_test build/unit/core_policy_test \
	build/unit/core_memory_test build/unit/core_map_test build/unit/core_dns_test \
	build/unit/core_concurrent_test
UNIT_TESTS += $(CORE_TESTS)

build/unit/core_classify_test build/unit/core_memory_test build/unit/core_map_test: $(CORE_MODEL)
build/unit/core_concurrent_test: CORE_FLAGS := $(filter-out -fsanitize=%,$(CORE_FLAGS)) -fsanitize=thread
# Every allocation that the core makes goes through the test.
build/unit/core_memory_test: CORE_LINK := -Wl,--wrap=calloc,--wrap=free

$(CORE_TESTS): build/unit/%: tests/unit/%.c $(CORE_SOURCES) $(CORE_HEADERS) \
		$(wildcard tests/unit/core_*.h) tests/unit/build.mk
	@mkdir -p $(@D)
	@echo "  CC      $@"
	@$(CC) $(CORE_FLAGS) -O1 $(CORE_LINK) -o $@ $(filter %.c,$^) -lcmocka
