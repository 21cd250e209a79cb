select greeting, ho, {{ toolbox.greet("'x'") }} as hello, '{{ toolbox.secret() }}' as secret, {{ toolbox.uses_shared() }} as used,
    '{{ var("greeting", "unset in root") }}' as g, {{ var('mine') }} as mine
from {{ ref('toolbox', 'helped') }}
