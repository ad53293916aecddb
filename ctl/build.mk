# SPDX-License-Identifier: GPL-2.0-or-later
#
# User space. The top Makefile includes this file; it works alone too, with
# `make -f ctl/build.mk`. All paths are relative to the top.

PROGRAMS += build/bin/mctl
MANUALS += ctl/mctl/mctl.8

CTL_PACKAGES := libnl-genl-3.0 json-c libfyaml smartcols

CTL_CPPFLAGS := -Ibuild/gen -Iinclude -Iinclude/uapi -Ictl -D_GNU_SOURCE \
	$(shell pkg-config --cflags $(CTL_PACKAGES))
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

MCTL_OBJECTS := $(patsubst %.c,build/obj/%.o,$(CTL_CORE) $(CTL_LIB) $(CTL_MCTL))

build/bin/mctl: $(MCTL_OBJECTS)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) $(CTL_CFLAGS) $(CFLAGS) $(CTL_LDFLAGS) $(LDFLAGS) -o $@ $^ $(CTL_LIBS)

# The statistics that the module has, for what mctl says of them.
build/gen/stats_list.h: kmod/stats.h
	@mkdir -p $(@D)
	@echo "  GEN     $@"
	@sed -n '/^#define MSEG_STATS(X)/,/[^\\]$$/p' $< > $@

build/obj/ctl/mctl/stats.o: build/gen/stats_list.h

build/obj/ctl/%.o: ctl/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	@$(CC) $(CTL_CPPFLAGS) $(CPPFLAGS) $(CTL_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

build/obj/kmod/core/%.o: kmod/core/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	@$(CC) $(CTL_CPPFLAGS) $(CPPFLAGS) $(CTL_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(MCTL_OBJECTS:.o=.d)

include tests/unit/ctl.mk
