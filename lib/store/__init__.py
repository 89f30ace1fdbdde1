"""The only room that knows databases: records (SQLAlchemy Core) and events (Parquet files read by DuckDB)."""
