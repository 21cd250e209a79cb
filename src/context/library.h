/* library.h: private to context/. */
#ifndef CONTEXT_LIBRARY_H
#define CONTEXT_LIBRARY_H

#include <stdio.h>

#include "context/context.h"

/* Every name that a node of the package sees: macros and namespaces as values. NULL: unknown. */
const Dict *library_names(const Library *library, Str package);

/* The names that all phases offer: functions. *out UNDEFINED when unknown. */
bool builtin_find(Context *context, Str name, uint32_t hash, Value *out, Err *err);

/* The object `exceptions`. */
Value exceptions_object(void);

/* A name as a template of this context would find it, jinja's own globals left out. */
bool context_find(Context *context, Str name, uint32_t hash, Value *out, Err *err);

#endif
