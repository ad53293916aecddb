# SPDX-License-Identifier: GPL-2.0-or-later
#
# Unit tests of user space (cmocka), with the address and undefined behaviour
# sanitizers. ctl/build.mk includes this file.

CTL_TESTS := $(patsubst tests/unit/%.c,build/unit/%,$(wildcard tests/unit/ctl_*_test.c \
	tests/unit/model_*_test.c))
UNIT_TESTS += $(CTL_TESTS)

# What the tests call: all but the programs.
CTL_TEST_OBJECTS := $(patsubst %.c,build/unit/obj/%.o,$(CTL_CORE) $(CTL_LIB) $(CTL_MODEL))
CTL_TEST_CFLAGS := $(filter-out -D_FORTIFY_SOURCE=2 -O2 -fPIE,$(CTL_CFLAGS)) \
	-O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

.PHONY: unit-ctl
unit-ctl: $(CTL_TESTS) ## build and run user space's unit tests
	@set -e; for t in $(CTL_TESTS) $(MSEGD_TESTS); do echo "# $$t"; "$$t"; done

$(CTL_TESTS): build/unit/%: build/unit/obj/tests/unit/%.o $(CTL_TEST_OBJECTS)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) $(CTL_TEST_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CTL_LIBS) -lcmocka

# Likewise of msegd.
MSEGD_TESTS := $(patsubst tests/unit/%.c,build/unit/%,$(wildcard tests/unit/msegd_*_test.c \
	tests/unit/records_*_test.c))
UNIT_TESTS += $(MSEGD_TESTS)
MSEGD_TEST_OBJECTS := $(CTL_TEST_OBJECTS) $(patsubst %.c,build/unit/obj/%.o, \
	$(CTL_RECORDS) $(filter-out ctl/msegd/main.c,$(CTL_MSEGD)))

$(MSEGD_TESTS): build/unit/%: build/unit/obj/tests/unit/%.o $(MSEGD_TEST_OBJECTS)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) $(CTL_TEST_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ \
		$(filter-out build/unit/obj/ctl/lib/api.o,$^) $(CTL_LIBS) \
		$(shell pkg-config --libs $(MSEGD_PACKAGES)) -lcmocka

unit-ctl: $(MSEGD_TESTS)

# The service itself, for tests/fuzz/api.py.
build/unit/msegd: build/unit/obj/ctl/msegd/main.o $(MSEGD_TEST_OBJECTS)
	@echo "  LD      $@"
	@$(CC) $(CTL_TEST_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ \
		$(filter-out build/unit/obj/ctl/lib/api.o,$^) $(CTL_LIBS) \
		$(shell pkg-config --libs $(MSEGD_PACKAGES))

.SECONDARY: $(MSEGD_TESTS:build/unit/%=build/unit/obj/tests/unit/%.o)
.SECONDARY: $(CTL_TESTS:build/unit/%=build/unit/obj/tests/unit/%.o)

build/unit/obj/ctl/%.o: ctl/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	@$(CC) $(CTL_CPPFLAGS) $(CPPFLAGS) $(CTL_TEST_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

build/unit/obj/kmod/core/%.o: kmod/core/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	@$(CC) $(CTL_CPPFLAGS) $(CPPFLAGS) $(CTL_TEST_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

build/unit/obj/tests/unit/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	@$(CC) $(CTL_CPPFLAGS) $(CPPFLAGS) $(CTL_TEST_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(MSEGD_TEST_OBJECTS:.o=.d) $(wildcard build/unit/obj/tests/unit/*.d)
