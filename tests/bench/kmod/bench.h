/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The benchmark's module: main.c takes commands, slices.c measures, and the
 * others have something to measure.
 */
#ifndef MSEG_BENCH_H
#define MSEG_BENCH_H

#include <linux/compiler.h>
#include <linux/types.h>

/** Slices in a command at most. */
#define BENCH_MAX_SLICES 4096

/**
 * struct bench_slices - what a command measured
 * @n: slices so far
 * @ticks: of the time-stamp counter, each
 */
struct bench_slices {
	u32 n;
	u64 *ticks;
};

/** bench_ticks() - the time-stamp counter, when all before it is done. */
static __always_inline u64 bench_ticks(void)
{
	u32 low, high;

	asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (u64)high << 32 | low;
}

/**
 * bench_slices_new() - room for what is to be measured
 * @slices: filled
 * @n: at most BENCH_MAX_SLICES
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int bench_slices_new(struct bench_slices *slices, u32 n);

/** bench_slices_add() - one more. */
void bench_slices_add(struct bench_slices *slices, u64 ticks);

/**
 * bench_slices_print() - minimum, quartiles and maximum, in ticks; frees the room
 * @slices: changed
 * @answer: where to
 * @size: of @answer
 *
 * Return: characters.
 */
int bench_slices_print(struct bench_slices *slices, char *answer, size_t size);

/** bench_slices_worst() - the same of the median, the 99th percentile and the maximum. */
int bench_slices_worst(struct bench_slices *slices, char *answer, size_t size);

#ifdef CONFIG_X86

/** bench_step() - begin to step, or stop; nothing but what is to be counted between. */
#define bench_step(on)                                                                           \
	do {                                                                                     \
		if (on)                                                                          \
			asm volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");   \
		else                                                                             \
			asm volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "memory", "cc"); \
	} while (0)

#else

#define bench_step(on) ((void)(on))

#endif

/** bench_steps_begin() - before stepping. Return: 0 or an error. */
int bench_steps_begin(void);

/** bench_steps_end() - functions and their instructions. Return: characters, or an error. */
int bench_steps_end(char *answer, size_t size);

/*
 * The commands. Each takes what follows its name and returns the length of its
 * answer or an error. They are called one at a time.
 */

/** bench_packets_hook() - "on" or "off": an empty hook in the caller's namespace. */
int bench_packets_hook(const char *arguments, char *answer, size_t size);

/**
 * bench_packets_send() - "FAMILY PROTOCOL DIRECTION BEGAN FLAGS FROM FLOWS SLICES
 *	PACKETS": what the hooks of the caller's namespace cost
 *
 * FAMILY is 4 or 6, PROTOCOL an IANA number, DIRECTION of the packets and BEGAN of
 * their connections in or out, FLAGS of TCP; FLOWS connections, beginning with
 * number FROM, in an order that no cache guesses, or if it is 0 a new one each time.
 * The answer begins with the number of packets that were refused.
 */
int bench_packets_send(const char *arguments, char *answer, size_t size);

/** bench_packets_transmit() - the same: what giving them to the device costs. */
int bench_packets_transmit(const char *arguments, char *answer, size_t size);

/** bench_packets_step() - the same: where the instructions of one packet go. */
int bench_packets_step(const char *arguments, char *answer, size_t size);

/** bench_packets_exit() - once: no hook is left. */
void bench_packets_exit(void);

/** bench_prefixes_load() - "FILE": of records of struct bench_prefix. */
int bench_prefixes_load(const char *arguments, char *answer, size_t size);

/** bench_prefixes_fill() - "FAMILY DESCRIPTOR": put them into an LPM trie of BPF. */
int bench_prefixes_fill(const char *arguments, char *answer, size_t size);

/** bench_prefixes_trie() - "FAMILY DESCRIPTOR SLICES LOOKUPS": look up in that. */
int bench_prefixes_trie(const char *arguments, char *answer, size_t size);

/** bench_prefixes_classify() - "FAMILY SLICES LOOKUPS": ask the classifier. */
int bench_prefixes_classify(const char *arguments, char *answer, size_t size);

/** bench_prefixes_none() - "FAMILY SLICES LOOKUPS": choose addresses, and nothing else. */
int bench_prefixes_none(const char *arguments, char *answer, size_t size);

/** bench_prefixes_change() - "SLICES": one prefix more or less each time, in nanoseconds. */
int bench_prefixes_change(const char *arguments, char *answer, size_t size);

/** bench_prefixes_exit() - once: free them. */
void bench_prefixes_exit(void);

#endif /* MSEG_BENCH_H */
