/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What passes the module's hooks by in this network namespace: devices and programs
 * that take packets off their way through the host's IP layer.
 */
#ifndef BYPASS_H
#define BYPASS_H

/** enum bypass - kinds of it */
enum bypass {
	/** nftables flowtables, which forward what they have learnt by themselves */
	BYPASS_FLOWTABLE,
	/** XDP programs */
	BYPASS_XDP,
	/** tc filters that redirect, or are programs and may */
	BYPASS_TC,
	/** macvlan and ipvlan devices, whose packets go straight to the device below */
	BYPASS_DEVICE,
	BYPASS_KINDS,
};

/** typedef bypass_found - told of each; @what names it */
typedef void bypass_found(enum bypass kind, const char *what, void *arg);

/**
 * bypass_find() - look for all of them
 * @found: called with each
 * @arg: handed to @found
 *
 * It asks rtnetlink and nfnetlink, and changes nothing. Devices in other network
 * namespaces, also those on top of one here, are not seen. Return: 0 or a negative
 * error, after as much was found as could be.
 */
int bypass_find(bypass_found *found, void *arg);

#endif /* BYPASS_H */
