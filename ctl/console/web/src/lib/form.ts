// SPDX-License-Identifier: GPL-2.0-or-later
/* What the server says of fields, where the form shows it. */
import type { ApiError } from "./api";
import type { Notice } from "./types";

/** The notices of a field, as incomingRules[0].object. */
export function at(errors: Notice[], field: string): { value?: string | null; message: string }[] {
  return errors.filter((e) => e.field === field).map((e) => ({ value: e.value, message: sentence(e) }));
}

export function sentence(notice: Notice): string {
  return notice.hint ? `${notice.message} (${notice.hint})` : notice.message;
}

/** What belongs to none of the fields that a form shows. */
export function elsewhere(error: ApiError | null, fields: (field: string) => boolean): Notice[] {
  return (error?.errors ?? []).filter((e) => !e.field || !fields(e.field));
}
