/*
 * From the texts that a contact source gave for an address to one answer:
 * which mailboxes are in them, and whether that is found, none or refused.
 * Pure; run by finder for whatever source, since its input is hostile.
 */
#ifndef PLAINTIFF_LOOKUP_JUDGE_H
#define PLAINTIFF_LOOKUP_JUDGE_H

#include <stddef.h>

#include "proto/base/text.h"

struct arena;
struct ask_answer;

/* Sets state, mailboxes, said and why of *out from n texts, each a list of
 * mailboxes separated by commas.  The mailboxes stand in the order of the
 * texts, no two with one key.  A text with a byte that no such list has
 * (controls, quotes, brackets, over 4,096 bytes) is dropped whole. */
void judge_texts(struct arena *a, const struct text *texts, size_t n,
    struct ask_answer *out);

#endif
