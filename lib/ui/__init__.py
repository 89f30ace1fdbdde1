"""What is drawn with Streamlit. The only room of lib that imports it, but for the routes beside it."""
