/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody meant by a text that is refused: habits from other firewalls
 * and from /etc/services, put into the words of a flat policy.
 */
#ifndef HINTS_H
#define HINTS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * hint_service() - how a service that service_parse() refused is written
 * @text: the service
 * @len: its bytes
 * @why: TEXT_WHY_LEN bytes; replaced where the function knows better
 *
 * Names of services are those of /etc/services. Return: whether it knew better.
 */
bool hint_service(const char *text, size_t len, char *why);

/**
 * hint_port() - whether a protocol's number was rather meant as a port
 * @text: a service that service_parse() took
 * @len: its bytes
 * @why: TEXT_WHY_LEN bytes, filled where it returns true
 *
 * Return: true where /etc/services knows such a port.
 */
bool hint_port(const char *text, size_t len, char *why);

/**
 * hint_entry() - how a network's entry that prefix_parse() refused is written
 * @text: the entry, without the '!' of an exclusion
 * @len: its bytes
 * @why: as hint_service()
 *
 * Return: whether it knew better.
 */
bool hint_entry(const char *text, size_t len, char *why);

/**
 * hint_is_everybody() - whether a text means every address, in other programs
 * @text: any text
 * @len: its bytes
 */
bool hint_is_everybody(const char *text, size_t len);

/**
 * hint_word() - which of two words was meant by another
 * @text: not one of the words
 * @first: a word of the flat policy
 * @second: another
 *
 * Return: @first or @second, or NULL where it is neither.
 */
const char *hint_word(const char *text, const char *first, const char *second);

#endif /* HINTS_H */
