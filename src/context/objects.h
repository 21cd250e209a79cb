/* objects.h: private to context/: the classes behind api.Relation and api.Column. */
#ifndef CONTEXT_OBJECTS_H
#define CONTEXT_OBJECTS_H

#include "context/context.h"

extern Object relation_class, column_class;

/* index_changes.c: a method of relations */
bool relation_index_changes(Object *self, Call *call, Value *out, Err *err);

#endif
