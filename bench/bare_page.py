"""A bare Streamlit page with one Plotly chart: what every chart page of Streamlit costs at least."""

import plotly.express as px
import streamlit as st

st.plotly_chart(px.line(x=list(range(24)), y=[hour % 7 for hour in range(24)]))
