/*
 * The SQL of this folder, embedded by embed.py: what `plaintiff schema
 * upgrade` runs and what each stage prepares.  Tables end with a NULL name.
 */
#ifndef PLAINTIFF_SCHEMA_H
#define PLAINTIFF_SCHEMA_H

struct schema_migration {
	int number; /* from 1, without gaps */
	const char *name;
	const char *checksum; /* SHA-256 of the file, hex */
	const char *sql;      /* several statements */
};

struct schema_view {
	const char *name;
	const char *sql; /* CREATE VIEW and its comments; dropped and made anew
	                    after each upgrade, in this order */
};

struct schema_statement {
	const char *stage; /* receive lookup report deliver tidy ctl */
	const char *name;
	const char *sql; /* one statement */
};

extern const struct schema_migration schema_migrations[];
extern const struct schema_view schema_views[];
extern const char schema_roles[];
extern const struct schema_statement schema_statements[];

#endif
