// SPDX-License-Identifier: GPL-2.0
/*
 * Looking addresses up among many prefixes, in the classifier and in an LPM trie
 * of BPF that holds the same.
 */
#include <linux/bpf.h>
#include <linux/err.h>
#include <linux/in.h>
#include <linux/ktime.h>
#include <linux/kernel_read_file.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include <linux/mseg.h>
#include <mseg/core.h>

#include "bench.h"
#include "core/classes.h"

/* Addresses that are looked up, in no order. */
#define KEYS BIT(16)
#define SEED 1
#define SERVICE 443

/* A record of the file, which is sorted by network. */
struct bench_prefix {
	u8 addr[MSEG_ADDR_LEN];
	u8 family;
	u8 len;
	__le16 network;
} __packed;

struct trie_key {
	u32 len;
	u8 addr[MSEG_ADDR_LEN];
};

static void *data;
static const struct bench_prefix *prefixes;
static u32 n_prefixes;
static struct mseg_policy *policy;
static struct mseg_key *keys;
static struct trie_key *trie_keys;

void bench_prefixes_exit(void)
{
	mseg_policy_free(policy);
	kvfree(keys);
	kvfree(trie_keys);
	vfree(data);
	policy = NULL;
	keys = NULL;
	trie_keys = NULL;
	data = NULL;
}

static int add_network(u32 i, struct mseg_refusal *refusal)
{
	const struct mseg_service service = {
		.protocol = IPPROTO_TCP,
		.low = SERVICE,
		.high = SERVICE,
	};
	const struct mseg_rule rule = {
		.name = "rule",
		.networks = &i,
		.services = &service,
		.n_networks = 1,
		.n_services = 1,
		.direction = MSEG_DIRECTION_IN,
		.action = MSEG_ACTION_ALLOW,
	};
	char name[16];
	int err;

	snprintf(name, sizeof(name), "network %u", i);
	err = mseg_policy_add_network(policy, name, refusal);
	return err ?: mseg_policy_add_rule(policy, &rule, refusal);
}

static int add_prefix(const struct bench_prefix *from, struct mseg_refusal *refusal)
{
	struct mseg_prefix prefix = { .family = from->family, .len = from->len };
	int err = 0;

	while (!err && policy->n_networks <= le16_to_cpu(from->network))
		err = add_network(policy->n_networks, refusal);
	memcpy(prefix.addr, from->addr, sizeof(prefix.addr));
	return err ?: mseg_policy_add_prefixes(policy, &prefix, 1, refusal);
}

static int build(void)
{
	struct mseg_refusal refusal = {};
	int err = 0;
	u32 i;

	policy = mseg_policy_new();
	if (!policy)
		return -ENOMEM;
	for (i = 0; i < n_prefixes && !err; i++) {
		err = add_prefix(&prefixes[i], &refusal);
		cond_resched();
	}
	err = err ?: mseg_policy_compile(policy, &refusal);
	if (err)
		pr_err("%s\n", refusal.why);
	return err;
}

int bench_prefixes_load(const char *arguments, char *answer, size_t size)
{
	size_t bytes;
	u64 ticks;
	int err;

	bench_prefixes_exit();
	err = kernel_read_file_from_path(arguments, 0, &data, INT_MAX, &bytes, READING_POLICY);
	if (err < 0)
		return err;
	prefixes = data;
	n_prefixes = bytes / sizeof(*prefixes);
	keys = kvcalloc(KEYS, sizeof(*keys), GFP_KERNEL);
	trie_keys = kvcalloc(KEYS, sizeof(*trie_keys), GFP_KERNEL);
	if (!keys || !trie_keys)
		return -ENOMEM;
	ticks = bench_ticks();
	err = build();
	return err   ?:
		       scnprintf(answer, size, "%u %llu %zu\n", n_prefixes, bench_ticks() - ticks,
				 policy->classes[0]->map.bytes + policy->classes[1]->map.bytes);
}

static void set_key(u32 i, const struct bench_prefix *prefix, struct rnd_state *random)
{
	u32 bits = prefix->family == MSEG_FAMILY_IPV4 ? 32 : 128;
	u32 bit;

	memset(&keys[i], 0, sizeof(keys[i]));
	memcpy(keys[i].peer, prefix->addr, MSEG_ADDR_LEN);
	for (bit = prefix->len; bit < bits; bit++)
		keys[i].peer[bit / 8] |= (prandom_u32_state(random) & 1) << (7 - bit % 8);
	keys[i].family = prefix->family;
	keys[i].protocol = IPPROTO_TCP;
	keys[i].service = SERVICE;
	keys[i].direction = MSEG_DIRECTION_IN;
	trie_keys[i].len = bits;
	memcpy(trie_keys[i].addr, keys[i].peer, MSEG_ADDR_LEN);
}

/* An address within a prefix, any of those of the family. */
static int choose_keys(u32 family)
{
	const struct bench_prefix *prefix;
	struct rnd_state random;
	u32 i, tries;

	if (!policy)
		return -ENODATA;
	prandom_seed_state(&random, SEED);
	for (i = 0; i < KEYS; i++) {
		for (tries = 0; tries < 1000; tries++) {
			prefix = &prefixes[prandom_u32_state(&random) % n_prefixes];
			if (prefix->family == family)
				break;
		}
		set_key(i, prefix, &random);
		cond_resched();
	}
	return 0;
}

static struct bpf_map *trie_of(int fd)
{
	struct bpf_map *map = bpf_map_get(fd);

	if (!IS_ERR(map) && map->map_type != BPF_MAP_TYPE_LPM_TRIE) {
		bpf_map_put(map);
		return ERR_PTR(-EINVAL);
	}
	return map;
}

static int fill(struct bpf_map *map, const struct bench_prefix *prefix)
{
	struct trie_key key = { .len = prefix->len };
	u32 value = le16_to_cpu(prefix->network);
	int err, tries;

	memcpy(key.addr, prefix->addr, sizeof(key.addr));
	/* It allocates without waiting. */
	for (tries = 0; tries < 10; tries++) {
		migrate_disable();
		rcu_read_lock();
		err = map->ops->map_update_elem(map, &key, &value, BPF_ANY);
		rcu_read_unlock();
		migrate_enable();
		if (err != -ENOMEM)
			break;
		schedule_timeout_uninterruptible(1);
	}
	return err;
}

int bench_prefixes_fill(const char *arguments, char *answer, size_t size)
{
	struct bpf_map *map;
	u32 i, family;
	int fd, err = 0;

	if (sscanf(arguments, "%u %d", &family, &fd) != 2)
		return -EINVAL;
	map = trie_of(fd);
	if (IS_ERR(map))
		return PTR_ERR(map);
	for (i = 0; i < n_prefixes && !err; i++) {
		if (prefixes[i].family == family)
			err = fill(map, &prefixes[i]);
		cond_resched();
	}
	bpf_map_put(map);
	return err;
}

/* Look-ups of a slice, and how many of them found something. */
typedef u32 look_up_t(const void *context, u32 from, u32 n);

static noinline u32 classify(const void *context, u32 from, u32 n)
{
	u32 i, found = 0;

	for (i = from; i < from + n; i++)
		found += mseg_classify(policy, &keys[i % KEYS]).rule != MSEG_ID_NONE;
	return found;
}

static noinline u32 search_trie(const void *context, u32 from, u32 n)
{
	struct bpf_map *map = (struct bpf_map *)context;
	u32 i, found = 0;

	for (i = from; i < from + n; i++)
		found += !!map->ops->map_lookup_elem(map, &trie_keys[i % KEYS]);
	return found;
}

static noinline u32 search_nothing(const void *context, u32 from, u32 n)
{
	u32 i, found = 0;

	for (i = from; i < from + n; i++)
		found += !!READ_ONCE(trie_keys[i % KEYS].len);
	return found;
}

static int measure(look_up_t *look_up, const void *context, u32 n, u32 n_lookups, char *answer,
		   size_t size)
{
	struct bench_slices slices;
	u32 i, found = 0;
	u64 ticks;
	int err, len;

	err = bench_slices_new(&slices, n);
	if (err)
		return err;
	for (i = 0; i < n; i++) {
		preempt_disable();
		rcu_read_lock();
		ticks = bench_ticks();
		found += look_up(context, i * n_lookups, n_lookups);
		bench_slices_add(&slices, bench_ticks() - ticks);
		rcu_read_unlock();
		preempt_enable();
		cond_resched();
	}
	len = scnprintf(answer, size, "%u ", n * n_lookups - found);
	return len + bench_slices_print(&slices, answer + len, size - len);
}

int bench_prefixes_trie(const char *arguments, char *answer, size_t size)
{
	u32 family, n, n_lookups;
	struct bpf_map *map;
	int fd, err;

	if (sscanf(arguments, "%u %d %u %u", &family, &fd, &n, &n_lookups) != 4)
		return -EINVAL;
	map = trie_of(fd);
	if (IS_ERR(map))
		return PTR_ERR(map);
	err = choose_keys(family) ?: measure(search_trie, map, n, n_lookups, answer, size);
	bpf_map_put(map);
	return err;
}

int bench_prefixes_classify(const char *arguments, char *answer, size_t size)
{
	u32 family, n, n_lookups;

	if (sscanf(arguments, "%u %u %u", &family, &n, &n_lookups) != 3)
		return -EINVAL;
	return choose_keys(family) ?: measure(classify, NULL, n, n_lookups, answer, size);
}

int bench_prefixes_none(const char *arguments, char *answer, size_t size)
{
	u32 family, n, n_lookups;

	if (sscanf(arguments, "%u %u %u", &family, &n, &n_lookups) != 3)
		return -EINVAL;
	return choose_keys(family) ?: measure(search_nothing, NULL, n, n_lookups, answer, size);
}

/* Any prefix that stands in the file, or a neighbour of one as long as it can be. */
static void choose_delta(struct mseg_delta *delta, u32 *network, struct rnd_state *random)
{
	const struct bench_prefix *prefix = &prefixes[prandom_u32_state(random) % n_prefixes];

	memset(delta, 0, sizeof(*delta));
	memcpy(delta->prefix.addr, prefix->addr, sizeof(prefix->addr));
	delta->prefix.family = prefix->family;
	delta->prefix.len = prefix->len;
	delta->remove = prandom_u32_state(random) & 1;
	*network = le16_to_cpu(prefix->network);
	if (delta->remove)
		return;
	delta->prefix.len = prefix->family == MSEG_FAMILY_IPV4 ? 32 : 128;
	delta->prefix.addr[delta->prefix.len / 8 - 1] |= prandom_u32_state(random);
}

/* What was there goes, or one comes that was not; where it is the other way, nothing. */
static int change_one(struct rnd_state *random, u64 *ns)
{
	struct mseg_refusal refusal;
	struct mseg_policy *next;
	struct mseg_delta delta;
	u32 network;
	u64 began;
	int err;

	choose_delta(&delta, &network, random);
	began = ktime_get_ns();
	err = mseg_policy_change(policy, network, &delta, 1, &next, &refusal);
	if (!err)
		mseg_policy_settle(next);
	*ns = ktime_get_ns() - began;
	if (err)
		return err == -EEXIST || err == -ENOENT ? -EAGAIN : err;
	swap(policy, next);
	/* In the module after a grace period, by nobody who waits. */
	mseg_policy_free(next);
	return 0;
}

int bench_prefixes_change(const char *arguments, char *answer, size_t size)
{
	struct bench_slices slices;
	struct rnd_state random;
	u32 i, n;
	int err;
	u64 ns;

	if (!policy)
		return -ENODATA;
	if (kstrtouint(arguments, 10, &n))
		return -EINVAL;
	err = bench_slices_new(&slices, n);
	prandom_seed_state(&random, SEED);
	for (i = 0; i < n && !err; i++) {
		do {
			err = change_one(&random, &ns);
			cond_resched();
		} while (err == -EAGAIN);
		bench_slices_add(&slices, ns);
	}
	if (err)
		return err;
	return bench_slices_worst(&slices, answer, size);
}
