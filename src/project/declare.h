/* declare.h: ingest/ and publish/ files: what they may say, and the nodes they make.
 * private to project/ */
#ifndef PROJECT_DECLARE_H
#define PROJECT_DECLARE_H

#include "project/prop.h"

/* Checks a file's tree against declare.def: unknown keys (with the nearest), kinds, words. Values
 * that hold Jinja are looked at when they are rendered.
 * Fails ERR_PARSING with the place and its line. */
MUST bool declare_check(const SourceFile *file, Err *err);

/* Step 6b: connections, ingest and publish nodes; sources that they fill and nobody declared. */
MUST bool declarations_load(Loader *loader, Err *err);

#endif
