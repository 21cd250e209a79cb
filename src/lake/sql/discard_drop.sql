delete from {{ stage }} where _weir_drop
