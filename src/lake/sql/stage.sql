create temp table {{ stage }} as
{{ incoming(true) }}
