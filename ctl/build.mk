# SPDX-License-Identifier: GPL-2.0-or-later
#
# User space. The top Makefile includes this file; it works alone too, with
# `make -f ctl/build.mk`. All paths are relative to the top.

PROGRAMS += build/bin/mctl build/bin/msegd build/bin/mseg-console
MANUALS += $(patsubst ctl/man/%.scd,build/man/%,$(wildcard ctl/man/*.scd))

CTL_PACKAGES := libnl-genl-3.0 json-c libfyaml smartcols libcurl libidn2

CTL_CPPFLAGS := -Ibuild/gen -Iinclude -Iinclude/uapi -Ictl -D_GNU_SOURCE \
	$(shell pkg-config --cflags $(CTL_PACKAGES) libfixbuf)
CTL_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -D_FORTIFY_SOURCE=2 \
	-fstack-protector-strong -fPIE
CTL_LDFLAGS := -pie -Wl,-z,relro,-z,now
CTL_LIBS := $(shell pkg-config --libs $(CTL_PACKAGES))

CTL_CORE := $(wildcard kmod/core/*.c)
CTL_LIB := $(wildcard ctl/lib/*.c)
CTL_MCTL := $(wildcard ctl/mctl/*.c)
# The objects of the controller, for whoever links them.
CTL_MODEL := $(wildcard ctl/model/*.c)
CTL_RECORDS := $(wildcard ctl/records/*.c)
CTL_MSEGD := $(wildcard ctl/msegd/*.c ctl/export/*.c ctl/httpd/*.c)

# Of records, what needs no store.
CTL_QUERY := $(addprefix ctl/records/,query.c query_match.c record.c)
MCTL_OBJECTS := $(patsubst %.c,build/obj/%.o,$(CTL_CORE) $(CTL_LIB) $(CTL_MODEL) $(CTL_QUERY) \
	$(CTL_MCTL))

build/bin/mctl: $(MCTL_OBJECTS)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) $(CTL_CFLAGS) $(CFLAGS) $(CTL_LDFLAGS) $(LDFLAGS) -o $@ $^ $(CTL_LIBS)

MSEGD_PACKAGES := libsystemd libmicrohttpd sqlite3 libcap-ng gnutls ldns libfixbuf cjose
MSEGD_OBJECTS := $(patsubst %.c,build/obj/%.o,$(CTL_CORE) $(filter-out ctl/lib/api.c,$(CTL_LIB)) \
	$(CTL_MODEL) $(CTL_RECORDS) $(CTL_MSEGD))

build/bin/msegd: $(MSEGD_OBJECTS)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) $(CTL_CFLAGS) $(CFLAGS) $(CTL_LDFLAGS) -Wl,--as-needed $(LDFLAGS) -o $@ $^ \
		$(CTL_LIBS) $(shell pkg-config --libs $(MSEGD_PACKAGES)) -pthread

# The console, with the application's files in it; they are built in ctl/console/web.
CONSOLE_PACKAGES := libsystemd libmicrohttpd libcap-ng gnutls
CONSOLE_OBJECTS := $(patsubst %.c,build/obj/%.o,$(wildcard ctl/console/*.c ctl/httpd/*.c) \
	ctl/lib/diag.c ctl/lib/doc.c ctl/lib/fields.c ctl/lib/json.c ctl/lib/sockets.c \
	ctl/lib/text.c ctl/lib/wrap.c)
CONSOLE_WEB := ctl/console/web/dist
CONSOLE_FILES := $(shell find $(CONSOLE_WEB) -type f 2>/dev/null)

build/bin/mseg-console: $(CONSOLE_OBJECTS)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) $(CTL_CFLAGS) $(CFLAGS) $(CTL_LDFLAGS) -Wl,--as-needed $(LDFLAGS) -o $@ $^ \
		$(CTL_LIBS) $(shell pkg-config --libs $(CONSOLE_PACKAGES))

build/gen/console_assets.h: $(CONSOLE_FILES) ctl/console/make-assets ctl/build.mk
	@mkdir -p $(@D)
	@echo "  GEN     $@"
	@ctl/console/make-assets $(CONSOLE_WEB) build/gen/console > $@

build/obj/ctl/console/assets.o: build/gen/console_assets.h

build/man/%: ctl/man/%.scd
	@mkdir -p $(@D)
	@echo "  MAN     $@"
	@scdoc < $< > $@

# The statistics that the module has, for what mctl says of them.
build/gen/stats_list.h: kmod/stats.h
	@mkdir -p $(@D)
	@echo "  GEN     $@"
	@sed -n '/^#define MSEG_STATS(X)/,/[^\\]$$/p' $< > $@

build/obj/ctl/mctl/stats.o build/obj/ctl/msegd/metrics.o \
	build/unit/obj/ctl/msegd/metrics.o: build/gen/stats_list.h

# The catalogue: each document with its name and its second line, which sums it up.
CATALOGUE := $(sort $(wildcard ctl/catalogue/*.yaml))

build/gen/catalogue_data.h: $(CATALOGUE) ctl/build.mk
	@mkdir -p $(@D)
	@echo "  GEN     $@"
	@for f in $(CATALOGUE); do \
		echo "CATALOGUE_ENTRY(\"$$(basename $$f .yaml)\", \"$$(sed -n '2s/^# //p' $$f)\","; \
		sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $$f; echo ")"; \
	done > $@

build/obj/ctl/model/catalogue.o build/unit/obj/ctl/model/catalogue.o: build/gen/catalogue_data.h

build/obj/ctl/%.o: ctl/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	@$(CC) $(CTL_CPPFLAGS) $(CPPFLAGS) $(CTL_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

build/obj/kmod/core/%.o: kmod/core/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	@$(CC) $(CTL_CPPFLAGS) $(CPPFLAGS) $(CTL_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(MCTL_OBJECTS:.o=.d) $(MSEGD_OBJECTS:.o=.d) $(CONSOLE_OBJECTS:.o=.d)

include tests/unit/ctl.mk
