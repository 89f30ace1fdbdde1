"""The report that people write with Streamlit: the file is read and grouped on every run, nothing is kept."""

import os

import pandas as pd
import plotly.express as px
import streamlit as st

events = pd.read_parquet(os.environ["BENCH_FILE"])

st.title("Spring letter")
count = st.segmented_control("Count", ["all", "people"], default="all", required=True, key="opens-naive")
if count == "people":
    events = events[~events["user_agent"].fillna("").str.contains("bot|proxy", case=False)]

people = events.groupby("kind")["message"].nunique()
times = events.groupby("kind")["message"].size()
delivered = people.get("delivered", 0)
for place, name in zip(st.columns(4), ["delivered", "opened", "clicked", "bounced"], strict=True):
    place.metric(name, f"{people.get(name, 0):,}", f"{people.get(name, 0) / max(delivered, 1):.1%}")

active = events[events["kind"].isin(["opened", "clicked"])]
hours = active.groupby([active["happened_at"].dt.floor("h"), "kind"])["message"].nunique().reset_index()
st.plotly_chart(px.line(hours, x="happened_at", y="message", color="kind", title="Over time"))

clicks = active[active["kind"] == "clicked"]
links = clicks.groupby("link")["message"].agg(["size", "nunique"]).nlargest(20, "size").reset_index()
st.plotly_chart(px.bar(links, x="size", y="link", title="Links"))

countries = active.groupby(["country", "kind"])["message"].nunique().reset_index()
st.plotly_chart(px.bar(countries, x="country", y="message", color="kind", title="Countries"))

devices = active.groupby("device")["message"].nunique().reset_index()
st.plotly_chart(px.pie(devices, names="device", values="message", title="Devices"))

domains = events.groupby(["domain", "kind"])["message"].nunique().unstack().nlargest(20, "delivered")
st.plotly_chart(px.bar(domains.reset_index(), x="domain", y="opened", title="Domains"))
st.dataframe(domains)
st.dataframe(times)
