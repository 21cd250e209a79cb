/* scope.h: private to lint/: the tables of one select, and who refers to them. */
#ifndef LINT_SCOPE_H
#define LINT_SCOPE_H

#include "lint/lint_base.h"

typedef struct Table {
    uint32_t node;                /* NODE_TABLE                                              */
    uint32_t alias;               /* NODE_ALIAS, or 0                                        */
    uint32_t name_token;          /* of the alias, else of the name's last part; 0: none     */
    Str name;                     /* by which it is referred to; empty if that is unknown    */
    Str full;                     /* last part of the table's own name, or empty             */
    bool is_joined, is_query, is_call, is_unknown;
} Table;

typedef struct Scope {
    uint32_t select;
    List(Table) tables;
    bool has_unknown;             /* a table whose name only rendering tells                 */
} Scope;

/* The nearest select around a node (not itself); 0: none. Cost: depth. */
uint32_t scope_owner(const LintFile *file, uint32_t node);
Scope scope_make(LintFile *file, uint32_t select);
const Table *scope_find(const Scope *scope, Str name);
/* Without quotes and, of {{ ref('a') }}, what is referred to. */
Str scope_plain_name(const Token *token);
/* The qualifier of a column, STR_NONE without one; *is_known false where it is templated. */
Str scope_qualifier(const LintFile *file, const Node *column, bool *is_known);
/* Number of the i-th (from 0) direct inner node of a kind, or UINT32_MAX. */
uint32_t node_child(const LintFile *file, uint32_t parent, NodeKind kind, uint32_t i);
uint32_t node_count(const LintFile *file, uint32_t parent, NodeKind kind);
/* A column of the list of targets: its alias' name token, or 0. */
uint32_t target_alias(const LintFile *file, uint32_t target);
/* Is a node one of the select's own, not of a query within it? */
bool scope_owns(const LintFile *file, uint32_t select, uint32_t node);
/* Does the select's text hold templated pieces that name `word`? */
bool scope_mentions(const LintFile *file, uint32_t select, Str word);

#endif
