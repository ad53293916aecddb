// SPDX-License-Identifier: GPL-2.0-or-later
/* What is long, through a pager; what takes long, said on a terminal. */
#include "pager.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t pager;
static bool forbidden;

static const char *pager_command(void)
{
	const char *command = getenv("MSEG_PAGER");

	if (!command)
		command = getenv("PAGER");
	return command ? command : "if command -v less >/dev/null; then exec less; fi; exec cat";
}

static void run_pager(const int pipe_ends[2], const char *command)
{
	dup2(pipe_ends[0], STDIN_FILENO);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	/* End where it fits on the screen, show colours, leave the text there. */
	setenv("LESS", "FRX", 0);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

void pager_begin(void)
{
	const char *command = pager_command();
	int ends[2];

	if (pager || forbidden || !isatty(STDOUT_FILENO) || !command[0] || !strcmp(command, "cat"))
		return;
	fflush(stdout);
	if (pipe(ends))
		return;
	pager = fork();
	if (!pager)
		run_pager(ends, command);
	if (pager > 0)
		dup2(ends[1], STDOUT_FILENO);
	else
		pager = 0;
	close(ends[0]);
	close(ends[1]);
}

void pager_forbid(void)
{
	forbidden = true;
}

void pager_end(void)
{
	if (!pager)
		return;
	fclose(stdout);
	waitpid(pager, NULL, 0);
}

void progress(double seconds)
{
	static bool shown;

	if (!isatty(STDERR_FILENO))
		return;
	if (seconds < 0 && shown)
		fputs("\r\033[K", stderr);
	else if (seconds >= 1)
		fprintf(stderr, "\rmctl: waiting for msegd, %.0f s ", seconds);
	shown = seconds >= 1;
}
