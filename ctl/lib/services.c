// SPDX-License-Identifier: GPL-2.0-or-later
/* Services as text: reading and writing the items of protocolPorts. */
#include "services.h"
#include "protocols.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Text that has not been read yet. */
struct rest {
	const char *s;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static int refuse(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, TEXT_WHY_LEN, format, args);
	va_end(args);
	return -EINVAL;
}

/* Cut off what stands before a separator; false where there is none. */
static bool cut(struct rest *rest, char separator, struct rest *before)
{
	const char *at = memchr(rest->s, separator, rest->len);

	*before = *rest;
	if (!at) {
		rest->s += rest->len;
		rest->len = 0;
		return false;
	}
	before->len = (size_t)(at - rest->s);
	rest->s = at + 1;
	rest->len -= before->len + 1;
	return true;
}

static bool is_digits(struct rest text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if (text.s[i] < '0' || text.s[i] > '9')
			return false;
	return text.len > 0;
}

/* Decimal without sign, space or leading zero; -1 where it is none. */
static int number(struct rest text, int max)
{
	int value = 0;
	size_t i;

	if (!is_digits(text) || text.len > 5 || (text.len > 1 && text.s[0] == '0'))
		return -1;
	for (i = 0; i < text.len; i++)
		value = value * 10 + (text.s[i] - '0');
	return value <= max ? value : -1;
}

static int parse_number(struct rest text, const char *what, int max, char *why)
{
	int value = number(text, max);

	if (value >= 0)
		return value;
	return refuse(why, "%s is not %s: write a number from 0 to %d",
		      text_show(text.s, text.len).s, what, max);
}

/* "22" or "22:80". */
static int parse_range(struct rest text, const char *what, int max, int *low, int *high, char *why)
{
	struct rest whole = text, first;
	bool ranged = cut(&text, ':', &first);

	*low = parse_number(first, what, max, why);
	if (*low < 0)
		return *low;
	*high = ranged ? parse_number(text, what, max, why) : *low;
	if (*high < 0)
		return *high;
	if (ranged && *low >= *high)
		return refuse(why, "range %s must go up: write its lower number first%s",
			      text_show(whole.s, whole.len).s,
			      *low == *high ? ", or the number alone" : "");
	return 0;
}

static void add_range(struct service_item *item, int protocol, int low, int high)
{
	struct mseg_service *range = &item->ranges[item->n++];

	memset(range, 0, sizeof(*range));
	range->protocol = (__u16)protocol;
	range->low = (__u16)low;
	range->high = (__u16)high;
}

static void add_bare(struct service_item *item, int protocol)
{
	add_range(item, protocol, 0, 0);
	item->ranges[item->n - 1].bare = 1;
}

static int parse_ports(struct rest text, int protocol, struct service_item *item, char *why)
{
	int low, high, err;

	if (memchr(text.s, ',', text.len))
		return refuse(why, "%s is more than one port: write an item for each",
			      text_show(text.s, text.len).s);
	err = parse_range(text, "a port", 65535, &low, &high, why);
	if (!err)
		add_range(item, protocol, low, high);
	return err;
}

/* Mark the codes of a list such as "0,4,8:11". */
static int parse_codes(struct rest text, bool *codes, char *why)
{
	struct rest one;
	bool more;
	int low, high, err;

	do {
		more = cut(&text, ',', &one);
		err = parse_range(one, "an ICMP code", 255, &low, &high, why);
		if (err)
			return err;
		for (; low <= high; low++) {
			if (codes[low])
				return refuse(why, "code %d is there twice", low);
			codes[low] = true;
		}
	} while (more);
	return 0;
}

static void add_codes(struct service_item *item, int protocol, int type, const bool *codes)
{
	int low, high;

	for (low = 0; low < 256; low = high + 1) {
		for (high = low; high < 256 && codes[high]; high++)
			;
		if (high > low)
			add_range(item, protocol, type * 256 + low, type * 256 + high - 1);
	}
}

/* "TYPE" or "TYPE/CODES". */
static int parse_icmp(struct rest text, int protocol, struct service_item *item, char *why)
{
	bool codes[256] = { false };
	struct rest first;
	bool with_codes = cut(&text, '/', &first);
	int type = parse_number(first, "an ICMP type", 255, why);
	int err;

	if (type < 0)
		return type;
	if (!with_codes) {
		add_range(item, protocol, type * 256, type * 256 + 255);
		return 0;
	}
	err = parse_codes(text, codes, why);
	if (!err)
		add_codes(item, protocol, type, codes);
	return err;
}

static int unknown_protocol(struct rest name, char *why)
{
	const char *nearest = protocol_nearest(name.s, name.len);

	if (nearest)
		return refuse(why, "unknown protocol %s, did you mean '%s'?",
			      text_show(name.s, name.len).s, nearest);
	return refuse(why,
		      "unknown protocol %s: write an IANA name such as tcp, icmp6 or gre, or its number",
		      text_show(name.s, name.len).s);
}

/* A protocol by number, which takes no ports: "6" is tcp, "6/22" nothing. */
static int parse_by_number(struct rest name, bool with_rest, struct service_item *item, char *why)
{
	int protocol = number(name, 255);

	if (protocol < 0)
		return refuse(why, "%s is not a protocol number: they go from 0 to 255",
			      text_show(name.s, name.len).s);
	if (with_rest && (mseg_protocol_has_ports((unsigned int)protocol) ||
			  mseg_protocol_is_icmp((unsigned int)protocol)))
		return refuse(why, "a number stands for the bare protocol: write '%s/...'",
			      protocol_name((unsigned int)protocol));
	if (with_rest)
		return refuse(why, "protocol %d has no ports: write it alone", protocol);
	add_bare(item, protocol);
	return 0;
}

static int parse_by_name(struct rest name, bool with_rest, struct rest rest,
			 struct service_item *item, char *why)
{
	int protocol = protocol_number(name.s, name.len);

	if (protocol < 0)
		return unknown_protocol(name, why);
	if (!with_rest) {
		add_bare(item, protocol);
		return 0;
	}
	if (mseg_protocol_has_ports((unsigned int)protocol))
		return parse_ports(rest, protocol, item, why);
	if (mseg_protocol_is_icmp((unsigned int)protocol))
		return parse_icmp(rest, protocol, item, why);
	return refuse(why, "%s has no ports: write it alone", protocol_name((unsigned int)protocol));
}

static bool is_any(struct rest name)
{
	return name.len == 3 && !strncasecmp(name.s, "any", 3);
}

int service_parse(const char *text, size_t len, struct service_item *item, char *why)
{
	struct rest rest = { text, len }, name;
	bool with_rest;
	int whole = protocol_number(text, len);

	item->n = 0;
	if (!len)
		return refuse(why, "a service cannot be empty: write any, tcp/22 or the like");
	if (whole >= 0) { /* before cutting: one name holds a slash, A/N */
		add_bare(item, whole);
		return 0;
	}
	with_rest = cut(&rest, '/', &name);
	if (is_any(name) && with_rest)
		return refuse(why, "'any' has no ports: write it alone");
	if (is_any(name)) {
		add_bare(item, MSEG_PROTOCOL_ANY);
		return 0;
	}
	if (is_digits(name))
		return parse_by_number(name, with_rest, item, why);
	return parse_by_name(name, with_rest, rest, item, why);
}

static bool range_equal(const struct mseg_service *a, const struct mseg_service *b)
{
	if (a->protocol != b->protocol || !a->bare != !b->bare)
		return false;
	return a->bare || (a->low == b->low && a->high == b->high);
}

bool service_is_single(const struct service_item *item)
{
	const struct mseg_service *service = &item->ranges[0];

	if (item->n != 1 || service->protocol == MSEG_PROTOCOL_ANY)
		return false;
	if (service->bare)
		return !mseg_protocol_has_ports(service->protocol) &&
		       !mseg_protocol_is_icmp(service->protocol);
	return service->low == service->high;
}

bool service_equal(const struct service_item *item, const struct mseg_service *ranges,
		   unsigned int n)
{
	unsigned int i;

	if (item->n != n)
		return false;
	for (i = 0; i < n; i++)
		if (!range_equal(&item->ranges[i], &ranges[i]))
			return false;
	return true;
}

static int format_protocol(const struct mseg_service *service, char *text)
{
	const char *name =
		service->protocol == MSEG_PROTOCOL_ANY ? "any" : protocol_name(service->protocol);

	if (name)
		return snprintf(text, SERVICE_TEXT_LEN, "%s", name);
	return snprintf(text, SERVICE_TEXT_LEN, "%u", service->protocol);
}

static int format_range(char *text, int low, int high)
{
	if (low == high)
		return snprintf(text, sizeof("65535"), "%d", low);
	return snprintf(text, sizeof("65535:65535"), "%d:%d", low, high);
}

static void emit_ports(const struct mseg_service *service,
		       void (*emit)(const char *text, void *arg), void *arg)
{
	char text[SERVICE_TEXT_LEN];
	int used = format_protocol(service, text);

	if (!service->bare) {
		text[used++] = '/';
		format_range(text + used, service->low, service->high);
	}
	emit(text, arg);
}

/* One ICMP type with the codes that are marked. */
static void emit_type(const struct mseg_service *service, int type, const bool *codes,
		      void (*emit)(const char *text, void *arg), void *arg)
{
	char text[SERVICE_TEXT_LEN];
	int used = format_protocol(service, text);
	char separator = '/';
	int low, high;

	used += sprintf(text + used, "/%d", type);
	for (low = 0; low < 256; low = high + 1) {
		for (high = low; high < 256 && codes[high]; high++)
			;
		if (high == low || high - low == 256)
			continue;
		text[used++] = separator;
		separator = ',';
		used += format_range(text + used, low, high - 1);
	}
	emit(text, arg);
}

/* Mark the codes of a type that ranges hold; false where they hold none. */
static bool mark_codes(const struct mseg_service *ranges, unsigned int n, int type, bool *codes)
{
	bool touched = false;
	unsigned int i;
	int code;

	for (i = 0; i < n; i++) {
		for (code = 0; code < 256; code++) {
			int value = type * 256 + code;

			if (value >= ranges[i].low && value <= ranges[i].high) {
				codes[code] = true;
				touched = true;
			}
		}
	}
	return touched;
}

/* Every type that the item's ranges touch. */
static void emit_icmp(const struct mseg_service *ranges, unsigned int n,
		      void (*emit)(const char *text, void *arg), void *arg)
{
	int type, first = 255, last = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (ranges[i].low / 256 < first)
			first = ranges[i].low / 256;
		if (ranges[i].high / 256 > last)
			last = ranges[i].high / 256;
	}
	for (type = first; type <= last; type++) {
		bool codes[256] = { false };

		if (mark_codes(ranges, n, type, codes))
			emit_type(ranges, type, codes, emit, arg);
	}
}

void services_format(const struct mseg_service *services, unsigned int n,
		     void (*emit)(const char *text, void *arg), void *arg)
{
	unsigned int first, i;

	for (first = 0; first < n; first = i) {
		const struct mseg_service *s = &services[first];
		bool ranged_icmp = !s->bare && mseg_protocol_is_icmp(s->protocol);

		for (i = first + 1; ranged_icmp && i < n && services[i].item == s->item &&
				    services[i].protocol == s->protocol && !services[i].bare;
		     i++)
			;
		if (ranged_icmp)
			emit_icmp(s, i - first, emit, arg);
		else
			emit_ports(s, emit, arg);
	}
}
