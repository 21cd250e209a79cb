update {{ target }} as old set _weir_valid_to = {{ instant(loaded_at_us) }}
from {{ stage }} as new
where old._weir_valid_to is null and {{ same_keys('old', 'new') }}
  and (false
{% for c in columns if c.loaded %}
    or old.{{ ident(c.name) }} is distinct from new.{{ ident(c.name) }}
{% endfor %}
  )
