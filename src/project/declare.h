/* declare.h: ingest/ and publish/ files: what they may say, and the nodes they make.
 * private to project/ */
#ifndef PROJECT_DECLARE_H
#define PROJECT_DECLARE_H

#include "project/prop.h"

/* Checks a file's tree against declare.def: unknown keys (with the nearest), kinds, words. Values
 * that hold Jinja are looked at when they are rendered.
 * Fails ERR_PARSING with the place and its line. */
MUST bool declare_check(const SourceFile *file, Err *err);

/* ---- reading one file: shared by declare.c and declare_drop.c ---- */

typedef struct Reading {
    Loader *loader;
    const SourceFile *file;
    Arena *arena;
} Reading;

/* Fails ERR_PARSING at the place of a value of the file. Gives false. */
bool reading_fail(const Reading *reading, Value at, Err *err, const char *format, ...)
    PRINTF_LIKE(4, 5);
/* A value under a key, rendered; UNDEFINED if absent. */
MUST bool reading_render(const Reading *reading, Value holder, const char *key, Value *out,
                         Err *err);
/* The text under a key, rendered; empty if absent. */
MUST bool reading_text(const Reading *reading, Value holder, const char *key, Str *out, Err *err);
/* What `connection:` names; NULL: nothing. Fails with the nearest name. */
MUST bool reading_connection(const Reading *reading, Value holder, const Connection **out,
                             Err *err);
/* Fails unless the name can stand in a selection. */
MUST bool reading_check_name(const Reading *reading, Value at, Str name, Err *err);
/* A node "ingest.PACKAGE.NAME[.TABLE]" with the settings that all kinds of nodes share. It is not
 * among the loader's nodes yet. */
MUST bool reading_node(const Reading *reading, NodeKind kind, Value tree, Str name, Str table,
                       Node **out, Err *err);
/* The source node of a name, perhaps switched off; NULL: nobody declared it. */
Node *reading_find_source(const Reading *reading, Str source, Str table);
/* The source node of a name, made if nobody declared it; perhaps one that is switched off. */
Node *reading_source(const Reading *reading, Str source, Str table, Value at);

/* declare_drop.c: the nodes of a resource of `type: drop`. */
MUST bool drop_add(const Reading *reading, Value tree, Str name, Err *err);

/* Step 6b: connections, ingest and publish nodes; sources that they fill and nobody declared. */
MUST bool declarations_load(Loader *loader, Err *err);

#endif
