select {{ size_of("kind") }} as size, {{ only_default() }} as od, {{ current_timestamp() }} as now_text,
    {{ dbt.length("kind") }} as l, {{ dbt.concat(["kind", "'x'"]) }} as c, {{ macros.add(2, 3) }} as five
from {{ ref('base') }}
