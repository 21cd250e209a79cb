delete from {{ target }} where {{ is_deleted('') }}
