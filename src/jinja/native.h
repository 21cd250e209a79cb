/* native.h: private to jinja/: the filters as_text, as_bool, as_number and as_native. */
#ifndef JINJA_NATIVE_H
#define JINJA_NATIVE_H

#include "jinja/library.h"

/* NULL unless the name is one of the four. */
FilterFn native_filter_find(Str name);

#endif
