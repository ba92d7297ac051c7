/*
 * The file with the key of tokens and boundaries: one line of 64 hexadecimal
 * digits, mode 0600.  Two hubs on one database need the same file, or one
 * login has two tokens.  Called by letter.
 */
#ifndef PLAINTIFF_TOKEN_KEY_H
#define PLAINTIFF_TOKEN_KEY_H

enum { TOKEN_KEY_BYTES = 32 };

/* Reads the key; makes a random one first when there is no file.  Processes
 * that start at once end up with one key.  Made by root, it belongs to the
 * owner of the folder.  -1 with *why: cannot be read or made, open to others,
 * or no key. */
int token_key_load(const char *path, unsigned char out[TOKEN_KEY_BYTES],
    const char **why) __attribute__((warn_unused_result));

#endif
