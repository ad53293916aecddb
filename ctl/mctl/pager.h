/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is long, through a pager; what takes long, said on a terminal. */
#ifndef PAGER_H
#define PAGER_H

/**
 * pager_begin() - let what is printed from now on go through a pager
 *
 * On a terminal alone. $MSEG_PAGER or $PAGER says which; less otherwise, which ends at
 * once where it all fits on the screen. Empty or cat means none.
 */
void pager_begin(void);

/**
 * pager_forbid() - let nothing go through a pager from now on
 *
 * For who asks a question after printing: a pager would take the answer from the keyboard.
 */
void pager_forbid(void);

/** pager_end() - wait until the pager was left, if there is one */
void pager_end(void);

/**
 * progress() - tell on a terminal that something takes its time
 * @seconds: since it began; nothing is said within the first; negative: it ended
 */
void progress(double seconds);

#endif /* PAGER_H */
