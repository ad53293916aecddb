// SPDX-License-Identifier: GPL-2.0
/*
 * The owner of a network namespace may be root of a container, and owns its
 * /proc/net: so opening asks for CAP_NET_ADMIN in the initial user namespace.
 */
#include "procfs.h"

#include <linux/capability.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/string_helpers.h>

#include <linux/mseg.h>

static const char *direction_name(u8 direction)
{
	return direction == MSEG_DIRECTION_IN ? "in" : "out";
}

static const char *action_name(u8 action)
{
	return action == MSEG_ACTION_ALLOW ? "allow" : "reject";
}

static int show_stats(struct seq_file *seq, void *unused)
{
	struct mseg_net *mnet = seq->private;
	int i;

	for (i = 0; i < MSEG_STAT_MAX; i++)
		seq_printf(seq, "%s %llu\n", mseg_stat_names[i], mseg_stats_sum(mnet->stats, i));
	return 0;
}

static void show_service(struct seq_file *seq, const struct mseg_service *service)
{
	if (service->protocol == MSEG_PROTOCOL_ANY)
		seq_puts(seq, " any");
	else if (service->bare)
		seq_printf(seq, " %u", service->protocol);
	else
		seq_printf(seq, " %u/%u:%u", service->protocol, service->low, service->high);
}

/* Names may hold anything: escaped, they cannot forge a line. */
static void show_name(struct seq_file *seq, const char *name)
{
	seq_puts(seq, " \"");
	seq_escape_mem(seq, name, strlen(name), ESCAPE_OCTAL | ESCAPE_NP | ESCAPE_APPEND, "\"\\");
	seq_puts(seq, "\"");
}

static void show_rule(struct seq_file *seq, const struct mseg_generation *generation, u32 index)
{
	const struct mseg_policy *policy = generation->policy;
	const struct mseg_rule *rule = &policy->rules[index];
	u32 i;

	seq_printf(seq, "%u %s %s", index, direction_name(rule->direction),
		   action_name(rule->action));
	show_name(seq, rule->name);
	seq_puts(seq, " networks");
	for (i = 0; i < rule->n_networks; i++)
		show_name(seq, policy->networks[rule->networks[i]].name);
	seq_puts(seq, " services");
	for (i = 0; i < rule->n_services; i++)
		show_service(seq, &rule->services[i]);
	seq_printf(seq, " hits %lld\n", atomic64_read(&generation->hits[index].count));
}

/* Positions: 0 is the generation's line, rules follow. */
static void *rules_start(struct seq_file *seq, loff_t *pos) __acquires(RCU)
{
	struct mseg_net *mnet = seq->private;

	rcu_read_lock();
	return *pos <= rcu_dereference(mnet->generation)->policy->n_rules ? pos : NULL;
}

static void *rules_next(struct seq_file *seq, void *v, loff_t *pos)
{
	struct mseg_net *mnet = seq->private;

	++*pos;
	return *pos <= rcu_dereference(mnet->generation)->policy->n_rules ? pos : NULL;
}

static void stop(struct seq_file *seq, void *v) __releases(RCU)
{
	rcu_read_unlock();
}

static int rules_show(struct seq_file *seq, void *v)
{
	struct mseg_net *mnet = seq->private;
	const struct mseg_generation *generation = rcu_dereference(mnet->generation);
	const struct mseg_policy *policy = generation->policy;
	loff_t pos = *(loff_t *)v;

	if (!pos)
		seq_printf(seq, "generation %u in %s out %s rules %u\n", generation->number,
			   action_name(policy->defaults[0]), action_name(policy->defaults[1]),
			   policy->n_rules);
	else if (pos <= policy->n_rules)
		show_rule(seq, generation, pos - 1);
	return 0;
}

static const struct seq_operations rules_ops = {
	.start = rules_start,
	.next = rules_next,
	.stop = stop,
	.show = rules_show,
};

/* Positions are buckets; one is shown whole. */
static void *connections_start(struct seq_file *seq, loff_t *pos) __acquires(RCU)
{
	struct mseg_net *mnet = seq->private;

	rcu_read_lock();
	return *pos <= mnet->conns->mask ? pos : NULL;
}

static void *connections_next(struct seq_file *seq, void *v, loff_t *pos)
{
	struct mseg_net *mnet = seq->private;

	++*pos;
	return *pos <= mnet->conns->mask ? pos : NULL;
}

static void show_address(struct seq_file *seq, const char *label, u8 family, const u8 *addr,
			 u16 port)
{
	if (family == MSEG_FAMILY_IPV4)
		seq_printf(seq, " %s %pI4", label, addr);
	else
		seq_printf(seq, " %s %pI6c", label, addr);
	seq_printf(seq, " port %u", port);
}

static void show_connection(struct seq_file *seq, struct mseg_conn *conn)
{
	static const char *const states[] = { "new",	 "replied", "established",
					      "closing", "closed",  "rejected" };
	struct mseg_flow_record record;

	mseg_flow_fill(&record, conn, MSEG_FLOW_EVENT_UPDATE);
	seq_printf(seq, "%s %u %s %s", direction_name(record.direction), record.protocol,
		   action_name(record.verdict), states[record.state]);
	show_address(seq, "from", record.family, record.source, record.source_port);
	show_address(seq, "to", record.family, record.destination, record.destination_port);
	if (mseg_protocol_is_icmp(record.protocol))
		seq_printf(seq, " type %u code %u", record.icmp_type, record.icmp_code);
	seq_printf(seq, " packets %llu %llu bytes %llu %llu generation %u", record.packets_in,
		   record.packets_out, record.bytes_in, record.bytes_out, record.generation);
	if (record.rule == MSEG_ID_NONE)
		seq_puts(seq, " default\n");
	else
		seq_printf(seq, " rule %u\n", record.rule);
}

static int connections_show(struct seq_file *seq, void *v)
{
	struct mseg_net *mnet = seq->private;
	loff_t bucket = *(loff_t *)v;
	struct mseg_conn *conn;

	hlist_for_each_entry_rcu(conn, &mnet->conns->buckets[bucket].chain, node)
		show_connection(seq, conn);
	return 0;
}

static const struct seq_operations connections_ops = {
	.start = connections_start,
	.next = connections_next,
	.stop = stop,
	.show = connections_show,
};

static int open_stats(struct inode *inode, struct file *file)
{
	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	return single_open(file, show_stats, pde_data(inode));
}

static int open_seq(struct inode *inode, struct file *file, const struct seq_operations *ops)
{
	int err;

	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	err = seq_open(file, ops);
	if (!err)
		((struct seq_file *)file->private_data)->private = pde_data(inode);
	return err;
}

static int open_rules(struct inode *inode, struct file *file)
{
	return open_seq(inode, file, &rules_ops);
}

static int open_connections(struct inode *inode, struct file *file)
{
	return open_seq(inode, file, &connections_ops);
}

static const struct proc_ops stats_proc_ops = {
	.proc_open = open_stats,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static const struct proc_ops rules_proc_ops = {
	.proc_open = open_rules,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = seq_release,
};

static const struct proc_ops connections_proc_ops = {
	.proc_open = open_connections,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = seq_release,
};

int mseg_procfs_add(struct mseg_net *mnet)
{
	struct proc_dir_entry *dir = proc_mkdir("mseg", mnet->net->proc_net);

	if (!dir)
		return -ENOMEM;
	mnet->proc = dir;
	if (proc_create_data("stats", 0400, dir, &stats_proc_ops, mnet) &&
	    proc_create_data("rules", 0400, dir, &rules_proc_ops, mnet) &&
	    proc_create_data("connections", 0400, dir, &connections_proc_ops, mnet))
		return 0;
	mseg_procfs_remove(mnet);
	return -ENOMEM;
}

void mseg_procfs_remove(struct mseg_net *mnet)
{
	proc_remove(mnet->proc);
	mnet->proc = NULL;
}
