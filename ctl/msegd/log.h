/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an administrator should know: to stderr, with its priority where that is the journal. */
#ifndef LOG_H
#define LOG_H

/** log_error() - say why something did not work; printf's, without a full stop */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** log_warning() - say what is not as it should be */
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* LOG_H */
