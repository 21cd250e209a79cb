delete from {{ target }} where _weir_root_id not in (select _weir_id from {{ root }})
