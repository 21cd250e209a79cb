/* prop_render.h: rendering of a property entry. private to project/ */
#ifndef PROJECT_PROP_RENDER_H
#define PROJECT_PROP_RENDER_H

#include "project/prop.h"

/* Renders every text of an entry in the package's YAML context, but for descriptions, tests, hooks
 * and filters. What needs no rendering comes back as it is, uncopied: texts lose one newline at
 * their end, as dbt's native rendering does it. */
MUST bool entry_render(const Loader *loader, Worker *worker, const Document *document, PropKey key,
                       Value entry, Value *out, Err *err);

#endif
