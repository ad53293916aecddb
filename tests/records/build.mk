# SPDX-License-Identifier: GPL-2.0-or-later
#
# A store of flow records without a kernel; ctl/build.mk is included before.

RECORDS_OBJECTS := $(patsubst %.c,build/obj/%.o,$(CTL_CORE) $(filter-out ctl/lib/api.c,$(CTL_LIB)) \
	$(CTL_RECORDS))

.PHONY: synthesize
synthesize: build/tests/synthesize build/tests/export ## programs that fill a store of flow records, and export some

build/tests/synthesize: build/obj/tests/records/synthesize.o $(RECORDS_OBJECTS)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) $(CTL_CFLAGS) $(CFLAGS) $(CTL_LDFLAGS) -Wl,--as-needed $(LDFLAGS) -o $@ $^ \
		$(CTL_LIBS) $(shell pkg-config --libs sqlite3) -pthread

EXPORT_OBJECTS := $(patsubst %.c,build/obj/%.o,$(wildcard ctl/export/*.c))

build/tests/export: build/obj/tests/records/export.o $(EXPORT_OBJECTS) $(RECORDS_OBJECTS)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) $(CTL_CFLAGS) $(CFLAGS) $(CTL_LDFLAGS) -Wl,--as-needed $(LDFLAGS) -o $@ $^ \
		$(CTL_LIBS) $(shell pkg-config --libs sqlite3 libfixbuf) -pthread

build/obj/tests/records/%.o: tests/records/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	@$(CC) $(CTL_CPPFLAGS) $(CPPFLAGS) $(CTL_CFLAGS) $(CFLAGS) -Wno-format-nonliteral -MMD -MP -c -o $@ $<

.PHONY: bench-records
bench-records: programs build/tests/synthesize build/tests/records ## what storing flow records costs, and how fast they are read
	nice tests/bench/records $(if $(FLOWS),--flows $(FLOWS))

build/tests/records: build/obj/tests/bench/records.o $(RECORDS_OBJECTS)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) $(CTL_CFLAGS) $(CFLAGS) $(CTL_LDFLAGS) -Wl,--as-needed $(LDFLAGS) -o $@ $^ \
		$(CTL_LIBS) $(shell pkg-config --libs sqlite3) -pthread

build/obj/tests/bench/records.o: tests/bench/records.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	@$(CC) $(CTL_CPPFLAGS) $(CPPFLAGS) $(CTL_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(wildcard build/obj/tests/records/*.d) build/obj/tests/bench/records.d
