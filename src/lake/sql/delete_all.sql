delete from {{ target }}
