/* The texts of texts/, embedded at build time. */
#ifndef PLAINTIFF_TEXTS_H
#define PLAINTIFF_TEXTS_H

/* In front of the facts, unless report.greeting names a file. */
extern const char texts_greeting_en[];

#endif
